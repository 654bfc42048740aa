;;; emacs -Q --batch -l emacs.el, with CAULK (the program) and GOFILE in the environment: eglot shows a leak and mends it.
(dolist (folder (file-expand-wildcards "/usr/share/emacs/site-lisp/elpa/*")) (add-to-list 'load-path folder))
(require 'eglot)
(require 'go-mode)

(defun wait-for (what predicate)
  "Wait until PREDICATE holds, or end with 1 and say that WHAT did not happen."
  (let ((end (+ (float-time) 30)) done)
    (while (and (not (setq done (funcall predicate))) (< (float-time) end))
      (accept-process-output nil 0.05))
    (message "%s %s" (if done "ok" "FAIL") what)
    (unless done (kill-emacs 1))))

(defun findings ()
  (flymake-start)
  (mapcar #'flymake-diagnostic-text (flymake-diagnostics)))

(setq eglot-sync-connect 10
      eglot-confirm-server-initiated-edits nil
      eglot-server-programs `((go-mode . (,(getenv "CAULK") "lsp"))))
(find-file (getenv "GOFILE"))
(setq-local project-find-functions (list (lambda (folder) (cons 'transient folder))))
(call-interactively #'eglot)
(wait-for "managed" #'eglot-managed-p)
(wait-for "two diagnostics" (lambda () (= (length (findings)) 2)))

(goto-char (point-min))
(search-forward "http.Get")
(setq last-nonmenu-event 13)            ; as if the keyboard had been used
(let ((completing-read-function (lambda (_ actions &rest _) (car (all-completions "" actions)))))
  (pcase-let ((`(,start ,end) (eglot--region-bounds)))
    (eglot-code-actions start end "quickfix" t)))
(wait-for "the fix" (lambda ()
                      (save-excursion
                        (goto-char (point-min))
                        (search-forward "\tdefer resp.Body.Close()\n" nil t))))
(eglot--signal-textDocument/didChange)  ; idle timers do not run in batch mode
(wait-for "one diagnostic left" (lambda () (= (length (findings)) 1)))
(save-buffer)
(eglot-shutdown-all)
(kill-emacs 0)
