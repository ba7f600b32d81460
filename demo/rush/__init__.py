"""`manage.py rush`: a hundred guests at once on a database of their own, with the protections and without."""
