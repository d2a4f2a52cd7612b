package main

import (
	"fmt"
	"io"
	"net"
)

// passThrough connections to this port of 127.0.0.1, bytes as they are: the client does TLS with the API server itself.
func passThrough(port int, target string) error {
	listener, err := net.Listen("tcp4", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		return err
	}

	for {
		client, err := listener.Accept()
		if err != nil {
			return err
		}

		go connect(client, target)
	}
}

func connect(client net.Conn, target string) {
	defer client.Close()

	server, err := net.Dial("tcp", target)
	if err != nil {
		return
	}
	defer server.Close()

	go func() {
		io.Copy(server, client)
		server.(*net.TCPConn).CloseWrite()
	}()

	io.Copy(client, server)
}
