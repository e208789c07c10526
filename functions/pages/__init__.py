"""Pages: what the console and the storefront need of AWS when they are deployed, and when people sign in."""
