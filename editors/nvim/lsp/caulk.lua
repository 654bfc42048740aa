-- caulk: leaks in Go, shown and mended. Found on 'runtimepath' by vim.lsp.enable('caulk'); vim.lsp.config('caulk', {…}) changes it.
return {
  cmd = { 'caulk', 'lsp' },
  filetypes = { 'go' },
  root_markers = { { 'caulk.toml' }, { 'go.work', 'go.mod' }, '.git' },
}
