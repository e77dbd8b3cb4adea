//! Questions to a vision-language model behind an OpenAI-compatible endpoint.
