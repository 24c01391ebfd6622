"""The words of the house: errors, periods, codes, reasons and the data dictionary."""
