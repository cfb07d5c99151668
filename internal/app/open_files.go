package app

import (
	"context"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"

	"github.com/openhomeroom/homeroom/internal/config"
	"github.com/openhomeroom/homeroom/internal/database"
)

const (
	// byOthers are the permissions of everybody but the owner; byStrangers exclude the
	// group as well.
	byOthers    fs.FileMode = 0o077
	byStrangers fs.FileMode = 0o007
)

// warnOfOpenFiles warns about existing files and folders that other users of the machine
// can open. The server creates its own so that nobody else can, but it does not change
// what somebody else has created.
func warnOfOpenFiles(ctx context.Context, cfg config.Config, log *slog.Logger) {
	if runtime.GOOS == "windows" {
		return // Permissions on Windows are not mode bits.
	}
	folders, files := map[string]bool{}, []string{}
	if cfg.Secret.Key == "" {
		folders[filepath.Clean(cfg.Secret.DataDir)] = true
	}
	if file, ok := database.FileOf(cfg.Database.URL.Reveal()); ok {
		folders[filepath.Dir(file)] = true
		files = database.FilesOf(file)
	}
	for folder := range folders {
		warnIfOpen(ctx, log, folder, byOthers, "folder", 0o700)
	}
	for _, file := range files {
		warnIfOpen(ctx, log, file, byOthers, "file", 0o600)
	}
	for _, file := range cfg.SignIn.SecretFiles() {
		// Machines that distribute secrets have a group that may read them.
		warnIfOpen(ctx, log, file, byStrangers, "file with the secret of a provider", 0o640)
	}
	if cfg.Server.TLS.On() {
		// Machines that renew certificates have a group that may read the keys.
		warnIfOpen(ctx, log, cfg.Server.TLS.Key, byStrangers, "key of the certificate", 0o640)
	}
}

func warnIfOpen(ctx context.Context, log *slog.Logger, path string, by fs.FileMode, what string, want fs.FileMode) {
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm()&by == 0 {
		return
	}
	log.WarnContext(ctx, "others on this machine can open a "+what+" of the server; take this right away",
		"path", path, "mode", fmt.Sprintf("%04o", info.Mode().Perm()), "command",
		fmt.Sprintf("chmod %o %s", want, config.Word(path)))
}
