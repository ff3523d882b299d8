"""Network access: throttled requests to public IP addresses only, and a browser for infinite scroll."""
