"""Text and syntax: bytes, lines, the lexical split of a file and tree-sitter trees. What Go means is not known here."""
