package safe

import (
	"bufio"
	"fmt"
	"net"

	"proof.example/measure"
)

func init() {
	measure.Add(measure.Case{Rule: "conn-goroutine-leak", Signal: measure.Files, Calls: 50, Run: func(e *measure.Env, call int) string {
		return measure.Text(greeted())
	}})
}

func greeted() (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer listener.Close()
	go accept(listener)
	conn, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		return "", err
	}
	defer conn.Close()
	return bufio.NewReader(conn).ReadString('\n')
}

func accept(listener net.Listener) {
	for {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		go greet(conn)
	}
}

func greet(conn net.Conn) {
	fmt.Fprintln(conn, "hello")
	line, err := bufio.NewReader(conn).ReadString('\n')
	if err != nil {
		return
	}
	fmt.Fprint(conn, line)
	conn.Close()
}
