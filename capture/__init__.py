"""From a dropped file to pages, words, barcodes, documents and fields."""
