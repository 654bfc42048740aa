-- What the commands do, and fix on save.
local M = {}

-- Milliseconds to wait for an answer where the editor has to wait.
M.timeout = 3000

---@param bufnr? integer
---@return vim.lsp.Client?
local function client_of(bufnr)
  return vim.lsp.get_clients({ bufnr = bufnr or 0, name = 'caulk' })[1]
end

local function say(message, level)
  vim.notify('caulk: ' .. message, level or vim.log.levels.INFO)
end

--- Make all safe fixes of a buffer, and wait for them: for BufWritePre, where what comes later is not written.
---@param bufnr? integer
function M.fix_now(bufnr)
  bufnr = bufnr or vim.api.nvim_get_current_buf()
  local client = client_of(bufnr)
  if not client then
    return
  end
  local params = {
    textDocument = vim.lsp.util.make_text_document_params(bufnr),
    range = { start = { line = 0, character = 0 }, ['end'] = { line = vim.api.nvim_buf_line_count(bufnr), character = 0 } },
    context = { only = { 'source.fixAll.caulk' }, diagnostics = {} },
  }
  local answer = client:request_sync('textDocument/codeAction', params, M.timeout, bufnr)
  for _, action in ipairs(answer and answer.result or {}) do
    if action.edit then
      vim.lsp.util.apply_workspace_edit(action.edit, client.offset_encoding)
    end
  end
end

--- Make all safe fixes whenever a Go file is written.
function M.fix_on_save()
  vim.api.nvim_create_autocmd('BufWritePre', {
    group = vim.api.nvim_create_augroup('caulk_fix_on_save', {}),
    pattern = '*.go',
    desc = 'caulk: make the safe fixes',
    callback = function(event)
      M.fix_now(event.buf)
    end,
  })
end

--- Make all safe fixes in the file, its package or the workspace.
---@param scope 'file'|'package'|'workspace'
---@param code? string only those of one rule
function M.fix_all(scope, code)
  local client = client_of()
  if not client then
    return say('no server for this buffer', vim.log.levels.WARN)
  end
  local command = { command = 'caulk.fixAll', arguments = { vim.uri_from_bufnr(0), scope, code } }
  client:request('workspace/executeCommand', command, function(problem, count)
    if problem then
      say(problem.message, vim.log.levels.ERROR)
    else
      say(count == 0 and 'nothing that can be fixed safely' or ('fixed %d'):format(count))
    end
  end)
end

--- The code of caulk's diagnostic at the cursor.
---@return string?
local function code_at_cursor()
  local line, column = unpack(vim.api.nvim_win_get_cursor(0))
  local here
  for _, found in ipairs(vim.diagnostic.get(0, { lnum = line - 1 })) do
    if found.source == 'caulk' then
      here = here or found.code
      if found.col <= column and column <= found.end_col then
        return found.code
      end
    end
  end
  return here
end

--- Show the page of a rule: the one named, or that of the diagnostic in the line of the cursor.
---@param code? string
function M.explain(code)
  local client = client_of()
  code = code ~= '' and code or code_at_cursor()
  if not client or not code then
    return say(client and 'no finding in this line' or 'no server for this buffer', vim.log.levels.WARN)
  end
  client:request('workspace/executeCommand', { command = 'caulk.explain', arguments = { code } }, function(problem, page)
    if problem or page == '' then
      return say(problem and problem.message or ('no rule is called ' .. code), vim.log.levels.ERROR)
    end
    local bufnr = vim.api.nvim_create_buf(false, true)
    vim.api.nvim_buf_set_lines(bufnr, 0, -1, false, vim.split(page, '\n'))
    vim.bo[bufnr].filetype = 'markdown'
    vim.bo[bufnr].bufhidden = 'wipe'
    vim.bo[bufnr].modifiable = false
    vim.cmd('split')
    vim.api.nvim_win_set_buf(0, bufnr)
  end)
end

--- The codes of all rules, for completion.
---@return string[]
function M.codes()
  local client = client_of()
  local answer = client and client:request_sync('workspace/executeCommand', { command = 'caulk.rules' }, M.timeout)
  return vim.tbl_map(function(rule)
    return rule.code
  end, answer and answer.result or {})
end

return M
