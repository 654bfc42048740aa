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
	Hooks     string
	MailRelay string
	Features  string
	Uploads   string
}

// Default are the settings for a developer's machine.
func Default() Settings {
	return Settings{
		Addr:      "127.0.0.1:8080",
		Database:  "sqlite:shop.db",
		MailRelay: "127.0.0.1:2525",
		Features:  "features.txt",
		Uploads:   "uploads",
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
	scanner := bufio.NewScanner(file)
	for scanner.Scan() {
		if line := strings.TrimSpace(scanner.Text()); line != "" {
			hooks = append(hooks, line)
		}
	}
	return hooks, scanner.Err()
}

// Feature says whether a file switches a feature on. Without the file all features are off.
func Feature(path, name string) (bool, error) {
	file, err := os.Open(path)
	if err != nil {
		if os.IsNotExist(err) {
			return false, nil
		}
		return false, err
	}
	defer file.Close()
	scanner := bufio.NewScanner(file)
	for scanner.Scan() {
		if scanner.Text() == name {
			return true, nil
		}
	}
	return false, scanner.Err()
}
