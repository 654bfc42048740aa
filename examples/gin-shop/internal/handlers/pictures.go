package handlers

import (
	"compress/gzip"
	"io"
	"log"
	"net/http"
	"path/filepath"

	"github.com/gin-gonic/gin"

	"example.com/gin-shop/internal/images"
)

// upload takes a picture that is compressed with gzip.
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
	path, err := a.Library.Add(data)
	file.Close()
	if err == nil {
		select {
		case a.Uploads <- path:
		default:
			log.Printf("%s is not resized", path)
		}
	}
	answer(c, gin.H{"name": filepath.Base(path)}, err)
}

func unpack(from io.Reader) ([]byte, error) {
	gz, err := gzip.NewReader(from)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(gz)
}

// picture sends one picture in large pieces.
func (a *api) picture(c *gin.Context) {
	file, err := images.Reader(a.Library.Path(c.Param("name")))
	if err != nil {
		c.AbortWithStatus(http.StatusNotFound)
		return
	}
	defer file.Close()
	buf := make([]byte, 256<<10)
	for {
		n, err := file.Read(buf)
		if _, failed := c.Writer.Write(buf[:n]); failed != nil || err != nil {
			return
		}
	}
}

func (a *api) pictures(c *gin.Context) {
	c.Header("Content-Type", "application/zip")
	if err := images.Pack(c.Writer, a.Library.Paths()); err != nil {
		log.Printf("pictures: %v", err)
	}
}
