"""The shapes of the API's answers: camelCase, instants in UTC."""
