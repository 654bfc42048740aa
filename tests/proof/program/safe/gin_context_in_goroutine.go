package safe

import (
	"net/http/httptest"
	"strings"

	"github.com/gin-gonic/gin"
	"proof.example/measure"
)

func init() {
	measure.Add(measure.Case{Rule: "gin-context-in-goroutine", Signal: measure.Heap, Calls: 100, Run: func(e *measure.Env, call int) string {
		w := httptest.NewRecorder()
		r := httptest.NewRequest("POST", "/login", strings.NewReader(strings.Repeat("x", 64<<10)))
		login(&gin.Context{Request: r, Writer: w})
		return w.Body.String()
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
