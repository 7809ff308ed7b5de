import pyarrow as pa
from fmaudit import Capability, Case, GenerateRequest, Message, Metric, ModelAudit, Params, Sampling, TokenizerAudit, hookimpl, stats

class Brevity(ModelAudit):
    """How often does a model answer in one word?"""
    name, version, title = "brevity", "1", "Does it answer in one word?"
    needs, schema = {Capability.GENERATE}, pa.schema([("sample", pa.int64()), ("answer", pa.string()), ("short", pa.bool_())])
    class Params(Params):
        questions: int = 20
        samples: int = 2
    def cases(self):
        return [Case(id=f"q{i:04d}", data={"prompt": f"Name the number {i} in one word."}) for i in range(self.params.questions)]
    async def observe(self, case, model):
        request = GenerateRequest(messages=(Message("user", case.data["prompt"]),), sampling=Sampling(max_new_tokens=8), samples=tuple(range(self.params.samples)))
        (answers,) = await model.generate([request])
        return [{"sample": a.sample, "answer": a.text, "short": " " not in a.text.strip()} for a in answers]
    def measure(self, seen):
        per_case = seen.sql("select count_if(short) k, count(*) n from observations group by \"case\" order by \"case\"")
        k, n = per_case["k"].to_pylist(), per_case["n"].to_pylist()
        yield Metric(name="short", value=sum(k) / sum(n), unit="fraction", n=sum(n), n_clusters=len(n), interval=stats.clustered_proportion(k, n).interval)

class Cutting(TokenizerAudit):
    name, version, title, schema = "cutting", "1", "How is it cut?", pa.schema([("text", pa.string()), ("tokens", pa.int64())])
    def observe(self, tokenizer):
        texts = ["one two three", "eins zwei drei"]
        yield pa.table({"text": texts, "tokens": [len(tokenizer.encode(text)) for text in texts]})
    def measure(self, seen):
        total = seen.sql("select sum(tokens)::bigint t, count(*) n from observations").to_pylist()[0]
        yield Metric(name="tokens", value=total["t"], unit="count", n=total["n"])

@hookimpl
def fmaudit_audits(): return [Brevity, Cutting]
