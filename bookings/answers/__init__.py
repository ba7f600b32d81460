"""The one place that shapes answers in the names of the HTTP contract: camelCase, instants in UTC."""
