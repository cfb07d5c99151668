package job

// LargeImport is how many rows have the statistics refreshed.
const LargeImport = largeImport
