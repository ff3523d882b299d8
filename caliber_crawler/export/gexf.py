"""GEXF 1.3 (https://gexf.net), for Gephi and other programs that draw networks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import IO

from lxml import etree

from caliber_crawler.export.feed import NOT_IN_XML

GEXF = "http://gexf.net/1.3"
TYPES = {str: "string", int: "integer", float: "double"}
Attributes = Mapping[str, str | int | float]


def write_gexf(
    nodes: Sequence[tuple[str, Attributes]],
    edges: Iterable[tuple[int, int, float, Attributes]],
    file: IO[bytes],
    *,
    description: str,
) -> None:
    """Write an undirected network. A node has a label and attributes, an edge the places of two nodes and a weight.

    All nodes have the same attributes, and so have all edges. Characters that XML does not have are left out.
    """
    edges = list(edges)
    with etree.xmlfile(file, encoding="utf-8") as xml:
        xml.write_declaration()
        namespaces: dict[str | None, str] = {None: GEXF}
        with xml.element("gexf", {"version": "1.3"}, nsmap=namespaces):
            with xml.element("meta"):
                xml.write(text_element("creator", "caliber"), text_element("description", description))
            with xml.element("graph", {"defaultedgetype": "undirected", "mode": "static"}):
                node_names = declare(xml, "node", nodes[0][1] if nodes else {})
                edge_names = declare(xml, "edge", edges[0][3] if edges else {})
                with xml.element("nodes", {"count": str(len(nodes))}):
                    for place, (label, attributes) in enumerate(nodes):
                        with xml.element("node", {"id": str(place), "label": plain(label)}):
                            write_values(xml, node_names, attributes)
                with xml.element("edges", {"count": str(len(edges))}):
                    for place, (source, target, weight, attributes) in enumerate(edges):
                        names = {
                            "id": str(place),
                            "source": str(source),
                            "target": str(target),
                            "weight": f"{weight:g}",
                        }
                        with xml.element("edge", names):
                            write_values(xml, edge_names, attributes)


def declare(xml: etree._IncrementalFileWriter, kind: str, attributes: Attributes) -> list[str]:
    """Declare attributes with the types of their values; return their names."""
    with xml.element("attributes", {"class": kind, "mode": "static"}):
        for place, (name, value) in enumerate(attributes.items()):
            with xml.element("attribute", {"id": str(place), "title": name, "type": TYPES[type(value)]}):
                pass
    return list(attributes)


def write_values(xml: etree._IncrementalFileWriter, names: Sequence[str], attributes: Attributes) -> None:
    with xml.element("attvalues"):
        for place, name in enumerate(names):
            with xml.element("attvalue", {"for": str(place), "value": plain(str(attributes[name]))}):
                pass


def text_element(tag: str, text: str) -> etree._Element:
    element = etree.Element(f"{{{GEXF}}}{tag}")
    element.text = plain(text)
    return element


def plain(text: str) -> str:
    """A text without the characters that XML does not have."""
    return NOT_IN_XML.sub("", text)
