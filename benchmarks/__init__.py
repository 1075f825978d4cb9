"""What `make bench` runs. Numbers are ratios taken in one run; nothing here is imported by the product."""
