"""The workshop: restaurants to show, their history, the rush. An app that the image does not have."""
