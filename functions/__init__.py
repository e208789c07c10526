"""The functions that run on AWS Lambda, and the programme's rules that they apply."""
