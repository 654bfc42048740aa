"""Keystroke to diagnostics: how long an editor waits."""
