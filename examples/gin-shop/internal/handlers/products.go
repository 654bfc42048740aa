package handlers

import (
	"encoding/json"
	"errors"
	"hash/crc32"
	"log"
	"net/http"
	"strconv"
	"sync"

	"github.com/gin-gonic/gin"

	"example.com/gin-shop/internal/middleware"
	"example.com/gin-shop/internal/store"
	"example.com/gin-shop/internal/worker"
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

func (a *api) cheapest(c *gin.Context) {
	price, err := a.Store.Cheapest(c.Request.Context())
	if currency := c.Query("currency"); err == nil && currency != "" {
		price, err = a.Rates.Convert(c.Request.Context(), price, currency)
	}
	answer(c, gin.H{"price": price}, err)
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

func (a *api) quote(c *gin.Context) {
	price, err := worker.Quote(c.Param("id"), func(supplier, product string) int {
		return 100 + int(crc32.ChecksumIEEE([]byte(supplier+product))%900)
	})
	answer(c, gin.H{"price": price}, err)
}

// wait answers when the product changes.
func (a *api) wait(c *gin.Context) {
	if a.Cache == nil {
		c.AbortWithStatus(http.StatusNotFound)
		return
	}
	id := c.Param("id")
	a.Hooks.OnDelivery(func(kind string) {
		log.Printf("%s while somebody waits for %s", kind, id)
	})
	changes := make(chan string, 1)
	worker.Follow(c.Request.Context(), c.ClientIP(), changes)
	change, err := a.Cache.WaitForChange(c.Request.Context(), id)
	if err == nil {
		changes <- change
	}
	answer(c, gin.H{"change": change}, err)
}

func (a *api) importProducts(c *gin.Context) {
	var products []store.Product
	if err := json.Unmarshal(middleware.PayloadOf(c), &products); err != nil {
		c.AbortWithStatus(http.StatusBadRequest)
		return
	}
	err := a.Store.Import(c.Request.Context(), products)
	if err == nil && a.Cache != nil {
		names := make([]string, len(products))
		for i, product := range products {
			names[i] = product.Name
		}
		err = worker.Each(names, func(name string) error {
			return errors.Join(a.Cache.Forget("product:"+name), a.Cache.Announce(c.Request.Context(), name))
		})
	}
	answer(c, len(products), err)
}
