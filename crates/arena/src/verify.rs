//! Makes every decision of a competition again, from its public files.
