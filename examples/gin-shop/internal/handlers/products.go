package handlers

import (
	"encoding/json"
	"errors"
	"io"
	"log"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/gin-gonic/gin"

	"example.com/gin-shop/internal/store"
)

var lastSearch string

var views = struct {
	sync.Mutex
	count map[string]int
}{count: map[string]int{}}

func (a *api) products(c *gin.Context) {
	if word := c.Query("q"); word != "" {
		lastSearch = word
		names, err := a.Store.Search(c.Request.Context(), []string{word})
		answer(c, names, err)
		return
	}
	products, err := a.Store.Products(c.Request.Context(), 100)
	answer(c, products, err)
}

func (a *api) product(c *gin.Context) {
	id, err := strconv.ParseInt(c.Param("id"), 10, 64)
	if err != nil {
		c.AbortWithStatus(http.StatusBadRequest)
		return
	}
	views.Lock()
	views.count[c.Param("id")]++
	views.Unlock()
	if a.Cache != nil {
		if cached := a.Cache.Get("product:" + c.Param("id")); cached != nil {
			c.Data(http.StatusOK, "application/json", cached)
			return
		}
	}
	product, err := a.Store.Product(c.Request.Context(), id)
	if errors.Is(err, store.ErrNotFound) {
		c.AbortWithStatus(http.StatusNotFound)
		return
	}
	go func() {
		log.Printf("%s looked at %s", c.ClientIP(), c.Param("id"))
	}()
	answer(c, product, err)
}

func (a *api) importProducts(c *gin.Context) {
	data, err := io.ReadAll(c.Request.Body)
	if err != nil {
		c.AbortWithStatus(http.StatusBadRequest)
		return
	}
	var products []store.Product
	if err := json.Unmarshal(data, &products); err != nil {
		c.AbortWithStatus(http.StatusBadRequest)
		return
	}
	answer(c, len(products), a.Store.Import(c.Request.Context(), products))
}

func (a *api) visits(c *gin.Context) {
	ip := c.ClientIP()
	go func() {
		log.Printf("visits shown to %s", ip)
	}()
	done := make(chan struct{})
	go func() {
		defer close(done)
		log.Printf("path %s", c.FullPath())
	}()
	<-done
	answer(c, a.Audit.Recent(), a.Store.Touch(c.Request.Context(), c.FullPath()))
}

func (a *api) report(c *gin.Context) {
	cp := c.Copy()
	go func() {
		time.Sleep(time.Second)
		log.Printf("report for %s", cp.ClientIP())
	}()
	count, err := a.Store.OpenOrders(c.Request.Context())
	answer(c, count, err)
}

func answer(c *gin.Context, value any, err error) {
	if err != nil {
		c.JSON(http.StatusInternalServerError, gin.H{"error": err.Error()})
		return
	}
	c.JSON(http.StatusOK, value)
}
