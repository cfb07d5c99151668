package main

// Main is the program, for the tests that run it under its own name.
var Main = main
