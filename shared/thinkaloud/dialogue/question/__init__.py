"""What a question asks for, given what was said before."""
