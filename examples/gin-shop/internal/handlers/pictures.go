package handlers

import (
	"compress/gzip"
	"io"
	"net/http"
	"os"
	"path/filepath"

	"github.com/gin-gonic/gin"

	"example.com/gin-shop/internal/images"
)

func (a *api) upload(c *gin.Context) {
	file, _, err := c.Request.FormFile("picture")
	if err != nil {
		c.AbortWithStatus(http.StatusBadRequest)
		return
	}
	data, err := unpack(file)
	if err != nil {
		c.AbortWithStatus(http.StatusBadRequest)
		return
	}
	name, err := images.Scratch(a.Settings.Uploads, data)
	file.Close()
	answer(c, gin.H{"name": filepath.Base(name)}, err)
}

func unpack(from io.Reader) ([]byte, error) {
	gz, err := gzip.NewReader(from)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(gz)
}

func (a *api) picture(c *gin.Context) {
	file, err := os.Open(filepath.Join(a.Settings.Uploads, filepath.Base(c.Param("name"))))
	if err != nil {
		c.AbortWithStatus(http.StatusNotFound)
		return
	}
	defer file.Close()
	buf := make([]byte, 256<<10)
	c.Header("Content-Type", "image/png")
	_, _ = io.CopyBuffer(onlyWriter{c.Writer}, file, buf)
}

// onlyWriter hides ReadFrom, so that the buffer is used.
type onlyWriter struct{ io.Writer }
