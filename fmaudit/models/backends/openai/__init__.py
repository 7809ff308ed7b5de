"""Any OpenAI-compatible server: vLLM, SGLang, llama.cpp, `transformers serve`, a vendor."""
