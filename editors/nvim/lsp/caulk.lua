-- caulk: leaks in Go, shown and mended. Put this folder on 'runtimepath' and call vim.lsp.enable('caulk').
return {
  cmd = { 'caulk', 'lsp' },
  filetypes = { 'go' },
  root_markers = { { 'caulk.toml' }, { 'go.work', 'go.mod' }, '.git' },
}
