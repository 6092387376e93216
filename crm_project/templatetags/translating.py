"""`translate`, which every template has, is Django's and says the same words faster: a page translates a hundred and fifty of them."""

from django import template
from django.template import Context, Node
from django.template.base import Parser, Token
from django.templatetags import i18n
from django.utils.translation import get_language

register = template.Library()


class LiteralNode(Node):
    """A text that depends on nothing but the language: it is translated once for each."""

    def __init__(self, node: i18n.TranslateNode) -> None:
        self.node = node
        self.said: dict[str | None, str] = {}

    def render(self, context: Context) -> str:
        language = get_language()
        if language not in self.said:
            output = self.node.render(context)
            self.said[language] = context[self.node.asvar] if self.node.asvar else output
        if not self.node.asvar:
            return self.said[language]
        context[self.node.asvar] = self.said[language]
        return ""


@register.tag("translate")
def translate(parser: Parser, token: Token) -> Node:
    node = i18n.do_translate(parser, token)
    text = node.filter_expression
    is_literal = text.var.literal is not None and not text.filters and node.message_context is None
    return LiteralNode(node) if is_literal else node
