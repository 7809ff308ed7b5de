from fmaudit.corpus.splits import *
class HuggingfaceReader(Reader):
    name="huggingface"; suffixes=()
    def splits(self,f,n): return []
    def read(self,*a): return iter(())
