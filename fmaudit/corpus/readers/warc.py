from fmaudit.corpus.splits import *
class WarcReader(Reader):
    name="warc"; suffixes=()
    def splits(self,f,n): return []
    def read(self,*a): return iter(())

class WetReader(WarcReader):
    name="wet"
