package safe

import (
	"strings"

	"github.com/gin-gonic/gin"
	"proof.example/measure"
)

func init() {
	measure.Add(measure.Case{Rule: "gin-context-in-goroutine", Signal: measure.Heap, Calls: 100, Run: func(e *measure.Env, call int) string {
		return gin.Through(login, nil, measure.Request("/login", "X-Large", strings.Repeat("x", 64<<10)))
	}})
}

var mails = make(chan struct{}) // the mail server is slow: nothing comes

func login(c *gin.Context) {
	go func() {
		<-mails
		greetByMail(c.ClientIP())
	}()
	c.JSON(200, gin.H{"ok": true})
}

func greetByMail(address string) { println("hello", address) }
