import pyarrow as pa
import pyarrow.compute as pc
from fmaudit import CorpusAudit, Exhibit, Metric, Signal, hookimpl, stats

class Capitals(Signal):
    name, version, schema = "capitals", "1", pa.schema([("letters", pa.int64()), ("upper", pa.int64())])
    def compute(self, batch):
        letters, upper = (pc.count_substring_regex(batch.text, p).cast(pa.int64()) for p in (r"\p{L}", r"\p{Lu}"))
        return pa.RecordBatch.from_arrays([letters, upper], schema=self.schema)

class Shouting(CorpusAudit):
    name, version, title, signals = "shouting", "1", "Who is shouting?", ("capitals",)
    def measure(self, seen):
        rows = seen.sql("select count(*) filter (capitals.upper > 0.5 * capitals.letters) k, count(*) n from documents").to_pylist()[0]
        yield Metric(name="share", value=rows["k"] / rows["n"], unit="fraction", n=rows["n"], interval=stats.proportion(rows["k"], rows["n"]))
        yield Exhibit(name="by-file", title="Shouting by file", data=seen.sql("select file::varchar file, count(*) n from documents group by 1"))

@hookimpl
def fmaudit_audits(): return [Shouting]

@hookimpl
def fmaudit_signals(): return [Capitals]
