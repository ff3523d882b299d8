"""GEXF 1.3 (https://gexf.net), for Gephi and other programs that draw networks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import IO, Protocol

from lxml import etree

from caliber_crawler.export.feed import NOT_IN_XML

GEXF = "http://gexf.net/1.3"
NODE_ATTRIBUTES = {"kind": "string", "articles": "integer", "mentions": "integer"}
EDGE_ATTRIBUTES = {"articles": "integer", "jaccard": "double"}
DESCRIPTION = "Names that occur in the same articles of a news archive."


class Node(Protocol):
    """A name."""

    @property
    def name(self) -> str: ...
    @property
    def kind(self) -> str: ...


class Edge(Protocol):
    """Two names that occur together."""

    @property
    def source(self) -> str: ...
    @property
    def source_kind(self) -> str: ...
    @property
    def target(self) -> str: ...
    @property
    def target_kind(self) -> str: ...
    @property
    def articles(self) -> int: ...


def write_network(nodes: Sequence[Node], edges: Sequence[Edge], file: IO[bytes]) -> None:
    """Write names that occur together; the weight of an edge is its number of articles.

    Nodes have the attributes in :data:`NODE_ATTRIBUTES`, edges those in :data:`EDGE_ATTRIBUTES`. Characters that XML
    does not have are left out.
    """
    namespaces: dict[str | None, str] = {None: GEXF}  # lxml's default namespace
    gexf = etree.Element(f"{{{GEXF}}}gexf", {"version": "1.3"}, namespaces)  # type: ignore[arg-type]
    meta = add(gexf, "meta")
    add(meta, "creator").text = "caliber"
    add(meta, "description").text = DESCRIPTION
    graph = add(gexf, "graph", defaultedgetype="undirected", mode="static")
    for kind, attributes in (("node", NODE_ATTRIBUTES), ("edge", EDGE_ATTRIBUTES)):
        declared = add(graph, "attributes", **{"class": kind, "mode": "static"})
        for name, type in attributes.items():
            add(declared, "attribute", id=name, title=name, type=type)
    place = {(node.name, node.kind): str(number) for number, node in enumerate(nodes)}
    listed = add(graph, "nodes", count=str(len(nodes)))
    for node in nodes:
        add_values(add(listed, "node", id=place[node.name, node.kind], label=node.name), node, NODE_ATTRIBUTES)
    listed = add(graph, "edges", count=str(len(edges)))
    for number, edge in enumerate(edges):
        ends = {
            "source": place[edge.source, edge.source_kind],
            "target": place[edge.target, edge.target_kind],
        }
        element = add(listed, "edge", id=str(number), weight=str(edge.articles), **ends)
        add_values(element, edge, EDGE_ATTRIBUTES)
    file.write(etree.tostring(gexf, xml_declaration=True, encoding="utf-8", pretty_print=True))


def add_values(parent: etree._Element, of: object, names: Mapping[str, str]) -> None:
    values = add(parent, "attvalues")
    for name in names:
        add(values, "attvalue", **{"for": name, "value": str(getattr(of, name))})


def add(parent: etree._Element, tag: str, **attributes: str) -> etree._Element:
    """Add an element, without the characters that XML does not have."""
    return etree.SubElement(
        parent, f"{{{GEXF}}}{tag}", {name: NOT_IN_XML.sub("", value) for name, value in attributes.items()}
    )
