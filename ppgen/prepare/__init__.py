"""Photos become datasets: links, masks, portraits, drawings."""
