"""Who is told what: the bell in the product and the e-mail beside it."""
