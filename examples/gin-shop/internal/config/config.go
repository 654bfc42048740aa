// Package config holds the settings of the shop.
package config

import (
	"bufio"
	"os"
	"strings"
)

// Settings are what can be chosen.
type Settings struct {
	Addr      string
	Database  string
	Redis     string
	Hooks     []string
	MailRelay string
	Debug     string
	Uploads   string
}

// Default are the settings for a developer's machine.
func Default() Settings {
	return Settings{
		Addr:      "127.0.0.1:8080",
		Database:  "shop.db",
		MailRelay: "127.0.0.1:2525",
		Uploads:   os.TempDir(),
	}
}

// Hooks reads the addresses of webhooks, one a line.
func Hooks(path string) ([]string, error) {
	file, err := os.Open(path)
	defer file.Close()
	if err != nil {
		return nil, err
	}
	var hooks []string
	for scanner := bufio.NewScanner(file); scanner.Scan(); {
		if line := strings.TrimSpace(scanner.Text()); line != "" {
			hooks = append(hooks, line)
		}
	}
	return hooks, nil
}

// Feature says whether a flag file switches a feature on.
func Feature(path, name string) (bool, error) {
	file, err := os.Open(path)
	if err != nil {
		if os.IsNotExist(err) {
			return false, nil
		}
		return false, err
	}
	defer file.Close()
	for scanner := bufio.NewScanner(file); scanner.Scan(); {
		if scanner.Text() == name {
			return true, nil
		}
	}
	return false, nil
}
