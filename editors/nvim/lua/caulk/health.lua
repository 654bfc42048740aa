-- :checkhealth caulk
local M = {}

local OLDEST = { 0, 11 }

function M.check()
  vim.health.start('caulk')
  if vim.fn.has(('nvim-%d.%d'):format(unpack(OLDEST))) == 1 then
    vim.health.ok('Neovim ' .. tostring(vim.version()))
  else
    vim.health.error('Neovim 0.11 or later is needed: vim.lsp.enable() is not in this one')
    return
  end
  local config = vim.lsp.config.caulk
  if not config then
    vim.health.error("no configuration is called 'caulk'", "put the folder editors/nvim on 'runtimepath'")
    return
  end
  M.check_command(config.cmd)
  if not vim.lsp.is_enabled('caulk') then
    vim.health.warn('the server is not enabled', "vim.lsp.enable('caulk')")
  end
  local clients = vim.lsp.get_clients({ name = 'caulk' })
  for _, client in ipairs(clients) do
    vim.health.ok(('running for %s, columns in %s'):format(client.root_dir or 'single files', client.offset_encoding))
  end
  if #clients == 0 then
    vim.health.info('no server runs: open a Go file')
  end
end

function M.check_command(cmd)
  if type(cmd) ~= 'table' then
    vim.health.info('the command is a function')
    return
  end
  if vim.fn.executable(cmd[1]) == 0 then
    vim.health.error(cmd[1] .. ' is not on PATH', { 'pip install caulk', "or vim.lsp.config('caulk', { cmd = { '/path/to/caulk', 'lsp' } })" })
    return
  end
  local answer = vim.system({ cmd[1], '--version' }, { text = true, timeout = 10000 }):wait()
  if answer.code == 0 then
    vim.health.ok(('%s (%s)'):format(vim.trim(answer.stdout), vim.fn.exepath(cmd[1])))
  else
    vim.health.error(cmd[1] .. ' --version fails: ' .. vim.trim(answer.stderr or ''))
  end
end

return M
