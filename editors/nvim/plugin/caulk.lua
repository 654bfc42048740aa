-- The commands; nothing is loaded before one of them is used.
if vim.g.loaded_caulk then
  return
end
vim.g.loaded_caulk = true

local SCOPES = { 'file', 'package', 'workspace' }

local function starting_with(lead, words)
  return vim.tbl_filter(function(word)
    return vim.startswith(word, lead)
  end, words)
end

vim.api.nvim_create_user_command('CaulkFixAll', function(call)
  require('caulk').fix_all(call.fargs[1] or 'file', call.fargs[2])
end, {
  nargs = '*',
  desc = 'Make all safe fixes in the file, its package or the workspace',
  complete = function(lead, line)
    local words = #vim.split(line, '%s+') > 2 and require('caulk').codes() or SCOPES
    return starting_with(lead, words)
  end,
})

vim.api.nvim_create_user_command('CaulkExplain', function(call)
  require('caulk').explain(call.args)
end, {
  nargs = '?',
  desc = 'Show the page of a rule, or of the finding in this line',
  complete = function(lead)
    return starting_with(lead, require('caulk').codes())
  end,
})
