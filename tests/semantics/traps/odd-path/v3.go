// Package realname is called otherwise than its path.
package realname

import "net/http"

type Client struct{ http.Client }

func New() (*Client, error) { return nil, nil }
