"""Repairs: from the evidence of a finding to edits of its file. Nothing here knows an editor, a disk or a rule's code."""
