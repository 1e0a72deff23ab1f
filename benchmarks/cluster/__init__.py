"""Several replicas under the load of many merchants, on this machine: what it costs and how far behind they are."""
