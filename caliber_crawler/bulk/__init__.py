"""Bulk extraction: many processes or machines extract web archives and archives, each part into its own shard."""

from caliber_crawler.bulk.dask_engine import DaskEngine
from caliber_crawler.bulk.engines import Engine, LocalEngine
from caliber_crawler.bulk.extraction import Instructions, Outcome
from caliber_crawler.bulk.inputs import Inputs, find_inputs
from caliber_crawler.bulk.parts import Part, parts_of
from caliber_crawler.bulk.run import BulkExtraction
from caliber_crawler.bulk.shards import Shards

__all__ = [
    "BulkExtraction",
    "DaskEngine",
    "Engine",
    "Inputs",
    "Instructions",
    "LocalEngine",
    "Outcome",
    "Part",
    "Shards",
    "find_inputs",
    "parts_of",
]
