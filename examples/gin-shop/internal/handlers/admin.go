package handlers

import (
	"context"
	"log"
	"maps"
	"net/http"
	"net/url"
	"time"

	"github.com/gin-gonic/gin"

	"example.com/gin-shop/internal/webhook"
	"example.com/gin-shop/internal/worker"
)

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
	seen := gin.H{"recent": a.Audit.Recent(), "before": a.Audit.LastSeen(ip), "search": lastSearch}
	answer(c, seen, a.Store.Touch(c.Request.Context(), c.FullPath()))
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

// metrics are the events since the last call.
func (a *api) metrics(c *gin.Context) {
	counts := map[string]int{}
	for {
		select {
		case name := <-counted:
			counts[name]++
		default:
			views.Lock()
			seen := maps.Clone(views.count)
			views.Unlock()
			answer(c, gin.H{"counts": counts, "views": seen}, nil)
			return
		}
	}
}

// live keeps the connection of a dashboard warm.
func (a *api) live(c *gin.Context) {
	go func() {
		for {
			log.Print("a dashboard is open")
			time.Sleep(time.Minute)
		}
	}()
	c.Status(http.StatusNoContent)
}

// clock logs how long the shop has been looked at.
func (a *api) clock(c *gin.Context) {
	start := time.Now()
	ticker := time.NewTicker(10 * time.Second)
	defer ticker.Stop()
	go func() {
		for now := range ticker.C {
			log.Printf("open for %s", now.Sub(start))
		}
	}()
	<-c.Request.Context().Done()
}

func (a *api) rate(c *gin.Context) {
	if day := c.Query("day"); day != "" {
		rates, err := a.Rates.History(c.Request.Context(), day)
		answer(c, rates[c.Param("currency")], err)
		return
	}
	rate, err := a.Rates.Rate(c.Param("currency"))
	answer(c, rate, err)
}

// hooks counts the webhooks that answer, and shows what one of them says.
func (a *api) hooks(c *gin.Context) {
	alive := a.Hooks.Alive()
	text := []byte(nil)
	if address := c.Query("show"); address != "" {
		var err error
		if text, err = a.Hooks.Fetch(c.Request.Context(), address); err != nil {
			answer(c, nil, err)
			return
		}
	}
	answer(c, gin.H{"alive": alive, "text": string(text)}, nil)
}

// testHook tries an address, through a proxy if the tenant has one.
func (a *api) testHook(c *gin.Context) {
	address := c.PostForm("address")
	if via := c.PostForm("proxy"); via != "" {
		proxy, err := url.Parse(via)
		if err == nil {
			err = webhook.PostVia(proxy, address, []byte(`{}`))
		}
		answer(c, "sent", err)
		return
	}
	if err := a.Hooks.Ping(address); err != nil {
		answer(c, nil, err)
		return
	}
	status, err := a.Hooks.Retry(address, []byte(`{}`))
	answer(c, status, err)
}

// newsletter writes to the customers of a list.
func (a *api) newsletter(c *gin.Context) {
	ctx, text := context.WithoutCancel(c.Request.Context()), c.PostForm("text")
	worker.Notify(c.PostFormArray("email"), func(email string) error {
		return a.Mailer.Send(ctx, email, text)
	})
	c.Status(http.StatusAccepted)
}
