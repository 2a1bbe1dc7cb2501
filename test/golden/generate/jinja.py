"""Idioms of chat templates and corners of Jinja, by jinja2 as transformers configures it: jinja.json.

Each is `{template, text}` or, where jinja2 refuses, `{template, error: true}`; all see the same variables.
Run as: python test/golden/generate/jinja.py
"""

import copy
import datetime

import jinja2
from common import GOLDEN, versions, write_json
from transformers.utils import chat_template_utils

VARIABLES = {
    "bos_token": "<s>",
    "eos_token": "</s>",
    "add_generation_prompt": True,
    "tools": None,
    "documents": None,
    "messages": [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": " Where is Lima?\n"},
        {"role": "assistant", "content": "<think>hm</think>\n\nIn Peru \U0001f600."},
        {"role": "user", "content": "And \u00dc\u00e9? <b>\"it's\"</b> & more"},
    ],
    "numbers": [3, 1, 2, 10],
    "floats": [0.1, 2.5, -0.5, 1e-7],
    "words": ["pear", "Apple", "fig", "apple"],
    "mixed": [None, True, False, 0, 1, 1.5, "x", "", [], [1, "a"], {}, {"k": None}],
    "person": {"name": "Ada", "age": 36, "items": "own", "nested": {"list": [{"v": 1}, {"v": 2}]}, "none": None},
    "people": [{"name": "Bo", "age": 30, "city": "Oslo"}, {"name": "Al", "age": 25}, {"name": "cy", "age": 30, "city": "Rome"}],
    "text": "Hello  World, hello\tall\n",
    "astral": "a\U0001f600b\U0001d11ec",
    "weather": {"type": "function", "function": {"name": "get", "description": "d \"q\" \u00e9 </x>", "parameters": {"type": "object", "properties": {"city": {"type": "string", "enum": ["a", "b"]}}, "required": ["city"]}}},
}

IDIOMS = r"""
{% for m in messages %}{{ m.role }}:{{ m['content'] | trim }};{% endfor %}
{%- for m in messages -%} {{- m.role -}} {%- endfor -%}
{% set ns = namespace(found=false, n=0) %}{% for m in messages %}{% if m.role == 'user' %}{% set ns.found = true %}{% set ns.n = ns.n + 1 %}{% endif %}{% endfor %}{{ ns.found }} {{ ns.n }}
{% set x = 1 %}{% for i in [1, 2] %}{{ x }}{% set x = 5 %}{{ x }}{% endfor %}{{ x }}
{% for i in [1, 2] %}{% if y is defined %}leaks{% endif %}{% set y = i %}{% endfor %}{{ y is defined }}
{% if true %}{% set z = 3 %}{% endif %}{{ z }}
{% for m in messages if m.role == 'user' %}{{ loop.index }}/{{ loop.length }} {{ loop.first }} {{ loop.last }} {{ loop.revindex }} {{ loop.revindex0 }} {{ loop.index0 }};{% endfor %}
{% for i in numbers %}{{ loop.previtem if not loop.first else 'none' }}<{{ i }}>{{ loop.nextitem is defined }} {% endfor %}
{% for i in numbers %}{{ loop.cycle('odd', 'even') }}{% endfor %}
{% for i in [1, 1, 2] %}{{ loop.changed(i) }}{% endfor %}
{% for i in [] %}x{% else %}empty{% endfor %}
{% for i in numbers %}{% if i == 2 %}{% break %}{% endif %}{{ i }}{% endfor %}
{% for i in numbers %}{% if i == 1 %}{% continue %}{% endif %}{{ i }}{% endfor %}
{% for i in numbers %}{% for j in [1, 2] %}{% if j == 2 %}{% break %}{% endif %}{{ i }}{{ j }} {% endfor %}{% endfor %}
{% for i in [1] %}{% break %}{% else %}else{% endfor %}
{% for k, v in person.items() %}{{ k }}={{ v }};{% endfor %}
{% for k, v in person | items %}{{ k }},{% endfor %}
{% for k in person %}{{ k }} {% endfor %}
{% for (a, b), c in [[[1, 2], 3]] %}{{ a }}{{ b }}{{ c }}{% endfor %}
{% for a, b in [[1, 2, 3]] %}{{ a }}{% endfor %}
{% for c in 'abc' %}{{ c }}-{% endfor %}
{% for c in astral %}{{ c }}-{% endfor %}
{% for i in range(3) %}{{ i }}{% endfor %} {{ range(2, 8, 3) | list }} {{ range(5, 0, -2) | list }}
{{ range(100001) | list | length }}
{% for n in person.nested.list recursive %}{{ n.v }}{% endfor %}
{% for n in [{'v': 1, 'c': [{'v': 2, 'c': []}]}] recursive %}{{ n.v }}@{{ loop.depth }}({{ loop(n.c) }}){% endfor %}
{% for i in undefined_list %}x{% else %}none{% endfor %}
{% for i in 5 %}x{% endfor %}
{% macro hi(name, mark='!') %}Hi {{ name }}{{ mark }}{% endmacro %}{{ hi('Al') }} {{ hi('Bo', '?') }} {{ hi(mark='.', name='Cy') }}
{% macro m(a, b) %}{{ a }}{{ b is defined }}{% endmacro %}{{ m(1) }}
{% macro m() %}{{ varargs }} {{ kwargs }}{% endmacro %}{{ m(1, 2, k=3) }}
{% macro m(a) %}{{ a }}{% endmacro %}{{ m(1, 2) }}
{% macro m(a) %}{{ a }}{% endmacro %}{{ m(b=2) }}
{% macro wrap() %}[{{ caller() }}]{% endmacro %}{% call wrap() %}in{{ bos_token }}{% endcall %}
{% macro each(xs) %}{% for x in xs %}{{ caller(x) }};{% endfor %}{% endmacro %}{% call(x) each([1, 2]) %}<{{ x }}>{% endcall %}
{% macro fact(n) %}{% if n > 1 %}{{ n * (fact(n - 1) | int) }}{% else %}1{% endif %}{% endmacro %}{{ fact(5) }}
{% set g = 'global' %}{% macro m() %}{{ g }}{% endmacro %}{% for g in ['loop'] %}{{ m() }}{% endfor %}
{% set t = 1 %}{% macro m() %}{{ t }}{% endmacro %}{% set t = 2 %}{{ m() }}
{% macro m(x) %}{% set q = x %}{{ q }}{% endmacro %}{{ m(1) }}{{ q is defined }}
{% macro m(x) -%} {{ x }} {%- endmacro %}[{{ m(1) }}]
{% set a, b = 1, 2 %}{{ a }}{{ b }}
{% set a = 1, 2 %}{{ a }}
{% set block %}x {{ bos_token }} y{% endset %}[{{ block }}]
{% set block | upper %}x y{% endset %}{{ block }}
{% set ns = namespace({'a': 1}, b=2) %}{{ ns.a }}{{ ns.b }}{{ ns.c is defined }}
{% set person.name = 'x' %}
{% with a = 1, b = 2 %}{{ a + b }}{% endwith %}{{ a is defined }}
{% filter upper %}abc {{ bos_token }}{% endfilter %}
{% filter replace('a', 'b') | upper %}banana{% endfilter %}
{% raw %}{{ not evaluated }} {% for %}{% endraw %}!
{% raw -%}   {{ x }}   {%- endraw %}!
{# comment {{ x }} #}a{#- c -#} b
a {#+ c #}
{% generation %}{{ bos_token }} said{% endgeneration %}!
{%- generation -%} x {%- endgeneration -%} y
{% generation %}{% set gg = 1 %}{% endgeneration %}{{ gg is defined }}
{% print 1, 'a' %}
{% do messages.append(1) %}
{% include 'x' %}
{{ messages.append(1) }}
{{ person.update({'a': 1}) }}
{{ messages | length }} {{ messages[0].role }} {{ messages[-1]['role'] }} {{ messages[1:] | length }} {{ messages[:-1] | length }} {{ messages[::2] | length }}
{{ 'abcdef'[1:4] }} {{ 'abcdef'[::-1] }} {{ 'abcdef'[-2:] }} {{ 'abcdef'[4:1:-1] }} {{ astral[1] }} {{ astral[1:3] }} {{ astral | length }} {{ numbers[5:] }}
{{ numbers[10] is defined }} {{ numbers['x'] is defined }} {{ person['zzz'] is defined }} {{ person.zzz is defined }}
{{ nothing }}|{{ nothing is defined }}|{{ nothing is none }}|{{ nothing | default('d') }}|{{ not nothing }}
{{ nothing.attr }}
{{ nothing['x'] }}
{{ nothing + 'a' }}
{{ nothing ~ 'a' }}
{{ 'a' in nothing }}
{{ nothing() }}
{{ person.zzz.x }}
{{ person.none }} {{ person.none is none }} {{ none }} {{ None }} {{ true }} {{ True }} {{ false }}
{{ person.items is string }} {{ person['items'] }} {{ person.get('name') }} {{ person.get('q') }} {{ person.get('q', 'dflt') }} {{ person.keys() | list }} {{ person.values() | list | length }}
{{ 'name' in person }} {{ 'x' not in person }} {{ 'el' in 'hello' }} {{ 1 in numbers }} {{ 1.0 in numbers }} {{ {'k': none} in mixed }}
{{ 1 in 'abc' }}
{{ 'user' == messages[1].role }} {{ 1 == 1.0 }} {{ true == 1 }} {{ '1' == 1 }} {{ none == false }} {{ [] == [] }} {{ [1] == (1,) }} {{ '' != false }}
{{ 1 < 2 < 3 }} {{ 1 < 3 < 2 }} {{ 'a' < 'b' }} {{ [1, 2] < [1, 3] }} {{ 2 > 1 == true }}
{{ 'a' < 1 }}
{{ 7 // 2 }} {{ -7 // 2 }} {{ 7 % 3 }} {{ -7 % 3 }} {{ 7 / 2 }} {{ 6 / 2 }} {{ 2 ** 3 }} {{ 2 ** -1 }} {{ 2 ** 3 ** 2 }} {{ -2 ** 2 }} {{ 1 + 2 * 3 }} {{ (1 + 2) * 3 }}
{{ 1 / 0 }}
{{ 1 + 'a' }}
{{ 'a' + 'b' ~ 1 ~ none ~ true ~ 1.0 }} {{ 'ab' * 3 }} {{ 3 * '-' }} {{ [1] * 2 }} {{ [1] + [2] }} {{ (1,) + (2,) }}
{{ [1] + 'a' }}
{{ not true and false or true }} {{ not (true and false) }} {{ '' or 'x' }} {{ 'a' and 'b' }} {{ 0 or none }} {{ [] and 1 }}
{{ 'yes' if messages else 'no' }} {{ 'x' if false }}| {{ 'a' if false else 'b' if false else 'c' }}
{{ -numbers[0] }} {{ +1 }} {{ - 1 }} {{ 1 -1 }} {{ -1 | abs }} {{ -(1) | abs }}
{{ 1_000 }} {{ 0x1f }} {{ 0b11 }} {{ 0o17 }} {{ 1e3 }} {{ 1.5e-3 }} {{ 1.50 }} {{ 100000000000000000.0 }} {{ 1e16 }} {{ 123456789.123 }}
{{ floats }} {{ floats | join(' ') }} {{ [1.0, 1e20, 100000.0, -0.0] }}
{{ mixed }}
{{ mixed | map('string') | join('|') }}
{% for m in mixed %}{{ 'T' if m else 'F' }}{% endfor %}
{{ person }}
{{ {'a': 1, "b": [1, 2], 'c': {'d': none}} }} {{ {1: 'x', true: 'y'} }} {{ {} }} {{ (1,) }} {{ () }} {{ (1, 2) }} {{ [1, 2,] }}
{{ "it's" }} {{ ["it's", 'say "x"', 'both \' "', 'new\nline', 'tab\t', '\\', 'é', '\x00\x7f\u200b'] }}
{{ 'a\nb\tc\\d\'e\"f\x41\u00e9\q' }}
{{ 'con' 'cat' "enated" }}
{{ '{{ not }}' }} {{ "%}" }} {{ {'a': {'b': 1}}.a.b }} {{ {'a': {'b': 1}}}}
{{ messages | map(attribute='role') | list }} {{ messages | map(attribute='role') | join(', ') }} {{ people | map(attribute='city', default='?') | list }} {{ words | map('upper') | list }} {{ words | map('replace', 'p', 'b') | list }}
{{ messages | selectattr('role', 'equalto', 'user') | list | length }} {{ messages | selectattr('role', 'eq', 'user') | map(attribute='content') | first | trim }} {{ messages | rejectattr('role', 'in', ['user', 'system']) | list | length }}
{{ people | selectattr('city') | list | length }} {{ people | selectattr('city', 'defined') | list | length }} {{ people | selectattr('city', 'undefined') | map(attribute='name') | list }} {{ people | rejectattr('city', 'defined') | list | length }} {{ people | selectattr('age', 'gt', 26) | list | length }}
{{ numbers | select('odd') | list }} {{ numbers | reject('gt', 2) | list }} {{ mixed | select | list | length }} {{ mixed | select('string') | list }} {{ [1, none, 2] | reject('none') | list }}
{% if messages | selectattr('role', 'equalto', 'nobody') %}true{% else %}false{% endif %}
{{ (messages | selectattr('role', 'equalto', 'nobody') | list) | length }} {{ messages | selectattr('role', 'equalto', 'nobody') | first is defined }}
{{ messages | selectattr('role', 'equalto', 'user') | length }}
{{ messages | selectattr('role', 'nosuchtest') | list }}
{{ person | dictsort }} {{ {'b': 1, 'A': 2} | dictsort }} {{ {'b': 1, 'A': 2} | dictsort(true) }} {{ {'b': 1, 'a': 2} | dictsort(by='value', reverse=true) }}
{{ numbers | sort }} {{ numbers | sort(reverse=true) }} {{ words | sort }} {{ words | sort(case_sensitive=true) }} {{ people | sort(attribute='age') | map(attribute='name') | list }} {{ people | sort(attribute='age,name') | map(attribute='name') | list }}
{{ mixed | sort }}
{{ numbers | min }} {{ numbers | max }} {{ numbers | sum }} {{ people | sum(attribute='age') }} {{ words | max }} {{ [] | sum }} {{ people | max(attribute='age') }}
{{ numbers | first }} {{ numbers | last }} {{ [] | first is defined }} {{ 'abc' | first }} {{ 'abc' | last }} {{ 'abc' | reverse }} {{ numbers | reverse | list }}
{{ words | unique | list }} {{ words | unique(case_sensitive=true) | list }} {{ [1, 1.0, true, 2] | unique | list }}
{{ numbers | batch(3) | list }} {{ numbers | batch(3, 'x') | list }} {{ numbers | slice(3) | list }} {{ numbers | slice(3, 'x') | list }}
{% for city, group in people | groupby('age') %}{{ city }}:{{ group | map(attribute='name') | join('+') }} {% endfor %}
{% for g in people | groupby('city', default='none') %}{{ g[0] }}={{ g[1] | length }} {% endfor %}
{{ numbers | join }} {{ numbers | join('-') }} {{ people | join('/', attribute='name') }} {{ 'abc' | join('.') }} {{ [1, none, true] | join(',') }}
{{ 'abc' | list }} {{ person | list }} {{ (1, 2) | list }} {{ numbers | string | length }} {{ numbers | count }} {{ person | length }}
{{ 5 | length }}
{{ 'Hello' | upper }} {{ 'Hello' | lower }} {{ 'hello wORLD' | capitalize }} {{ "hello wORLD foo-bar it's (x)" | title }} {{ 'ß' | upper }} {{ 1 | upper }}
[{{ '  x  ' | trim }}] [{{ 'xxaxx' | trim('x') }}] [{{ text | trim }}] [{{ none | trim }}]
{{ 'a b a' | replace('a', 'c') }} {{ 'a b a' | replace('a', 'c', 1) }} {{ 'abc' | replace('', '-') }} {{ 123 | replace(2, 'x') }}
{{ 'x\ny\n\nz' | indent }}|{{ 'x\ny' | indent(2) }}|{{ 'x\ny' | indent(2, true) }}|{{ 'x\n\ny' | indent(2, blank=true) }}|{{ 'x\ny' | indent('> ') }}|{{ 'x\ny\n' | indent(2) }}|
{{ '42' | int }} {{ 'x' | int }} {{ 'x' | int(7) }} {{ '3.9' | int }} {{ 3.9 | int }} {{ -3.9 | int }} {{ '0x1f' | int(base=16) }} {{ '1_000' | int }} {{ none | int }} {{ true | int }} {{ '1e3' | int }}
{{ '4.5' | float }} {{ 'x' | float }} {{ 'x' | float(1.5) }} {{ 3 | float }} {{ '1e5' | float }} {{ 'inf' | float }}
{{ 2.5 | round }} {{ 3.5 | round }} {{ 2.567 | round(2) }} {{ 2.1 | round(0, 'ceil') }} {{ 2.9 | round(method='floor') }} {{ 42 | round }} {{ 2.675 | round(2) }} {{ 1234.5 | round(-2) }}
{{ none | default('d') }} {{ none | default('d', true) }} {{ '' | d('e', boolean=true) }} {{ nothing | d }}| {{ false | default(1) }} {{ nothing | default(none) }} {{ person.zzz | default([]) }}
{{ weather | tojson }}
{{ weather | tojson(indent=2) }}
{{ weather | tojson(indent=4, ensure_ascii=true) }} {{ weather | tojson(sort_keys=true) }} {{ weather | tojson(separators=(',', ':')) }}
{{ floats | tojson }} {{ mixed | tojson }} {{ 'é\u2028\x7f/<' | tojson }} {{ (1, 2) | tojson }} {{ {1: 2, none: 3, true: 4} | tojson }} {{ [] | tojson(indent=2) }} {{ {'a': []} | tojson(indent=2) }} {{ '\ud800' | length }}
{{ nothing | tojson }}
{{ tools | tojson }} {{ numbers | map('string') | list | tojson }}
{{ numbers | map('string') | tojson }}
{{ '<b> & "x" \'y\'' | escape }} {{ '<' | e }} {{ '<b>' | safe }}
{{ 'the quick brown fox' | truncate(10) }} {{ 'the quick brown fox' | truncate(10, true) }} {{ 'the quick brown fox' | truncate(18) }} {{ 'foo bar' | wordcount }} [{{ 'ab' | center(7) }}] {{ '/a b?é' | urlencode }} {{ {'a': 'b c'} | urlencode }}
{{ '%s is %d, %.2f, %05d, %r, %x, %%' % ('x', 3, 2.5, 42, 'q', 255) }} {{ '%s' % 'one' }} {{ '%(a)s' % {'a': 1} }} {{ '%s-%s' | format('a', 'b') }} {{ '%5s|%-5s|%+d|%e|%g' % ('a', 'b', 3, 12345.678, 0.0001) }}
{{ '%s %s' % ('a',) }}
{{ '{} {}'.format('a', 1) }} {{ '{1} {0}'.format('a', 'b') }} {{ '{x:>5}|{x:<5}|{x:^5}|{n:05.1f}|{n:,}'.format(x='ab', n=1234.5) }} {{ '{0.name} {0[age]}'.format(person) }} {{ '{{}} {!r}'.format('q') }}
{{ text.split() }} {{ text.split(' ') }} {{ 'a,b,c'.split(',', 1) }} {{ 'a,b,c'.rsplit(',', 1) }} {{ ' a b c '.split(none, 1) }} {{ ''.split(',') }} {{ ''.split() }} {{ 'a  b'.rsplit(maxsplit=1) }}
{{ messages[2].content.split('</think>')[-1].lstrip('\n') }} {{ messages[2].content.split('</think>')[0].rstrip('\n').split('<think>')[-1] }}
{{ 'a\nb\r\nc\n'.splitlines() }} {{ 'a\n\nb'.splitlines(true) }} {{ 'a-b-c'.partition('-') }} {{ 'a-b-c'.rpartition('-') }} {{ 'abc'.partition('x') }}
[{{ '  x '.strip() }}] [{{ '\nx\n'.strip('\n') }}] [{{ 'xyabcyx'.strip('xy') }}] [{{ ' x '.lstrip() }}] [{{ ' x '.rstrip() }}] [{{ 'abc'.lstrip('ab') }}]
{{ 'abc'.startswith('ab') }} {{ 'abc'.endswith(('x', 'c')) }} {{ 'abc'.startswith('b', 1) }} {{ 'Hello'.lower().upper().title() }} {{ "they're bill's".title() }} {{ 'hELLO'.capitalize() }} {{ 'aB'.swapcase() }}
{{ 'hello'.find('l') }} {{ 'hello'.rfind('l') }} {{ 'hello'.find('z') }} {{ 'hello'.count('l') }} {{ 'hello'.index('e') }} {{ 'a😀b'.find('b') }} {{ 'abc'.replace('b', 'x') }} {{ 'aaa'.replace('a', 'b', 2) }} {{ ', '.join(words) }}
{{ 'hello'.index('z') }}
{{ '12'.isdigit() }} {{ 'a1'.isalnum() }} {{ 'ab'.isalpha() }} {{ ' '.isspace() }} {{ 'AB'.isupper() }} {{ 'ab'.islower() }} {{ 'Ab Cd'.istitle() }} {{ ''.isdigit() }} {{ '5'.zfill(3) }} {{ '-5'.zfill(4) }} {{ 'a'.ljust(3, '.') }} {{ 'a'.rjust(3) }} {{ 'a'.center(4, '*') }} {{ 'abc'.removeprefix('a') }} {{ 'abc'.removesuffix('c') }}
{{ numbers.index(2) }} {{ numbers.count(1) }} {{ numbers.copy() }}
{{ 'abc'.nosuch() }}
[{{ 'abc'.__class__ }}] [{{ messages.append }}] {{ messages.append is defined }}
{{ ''.__class__.__mro__ }}
{{ 3 is odd }} {{ 4 is even }} {{ 9 is divisibleby 3 }} {{ 9 is divisibleby(2) }} {{ 'a' is string }} {{ 1 is number }} {{ true is number }} {{ 1.0 is float }} {{ 1 is integer }} {{ true is integer }} {{ true is boolean }} {{ 1 is boolean }} {{ none is none }} {{ 'x' is none }}
{{ [] is iterable }} {{ 'a' is iterable }} {{ 1 is iterable }} {{ {} is mapping }} {{ [] is mapping }} {{ 'a' is sequence }} {{ {} is sequence }} {{ 1 is sequence }} {{ nothing is sequence }} {{ range is callable }} {{ 'a' is callable }} {{ 'a' is lower }} {{ 'A' is upper }} {{ true is true }} {{ 1 is true }} {{ false is false }}
{{ 1 is eq 1 }} {{ 1 is ne(2) }} {{ 2 is gt 1 }} {{ 2 is lt 1 }} {{ 2 is ge 2 }} {{ 1 is le 0 }} {{ 1 is sameas 1 }} {{ 1 is in [1, 2] }} {{ 'a' is in('abc') }} {{ 'upper' is filter }} {{ 'x' is filter }} {{ 'odd' is test }} {{ 1 is not odd }} {{ 3 is not defined }}
{{ 1 is nosuch }}
{{ 1 | nosuch }}
{% if messages[0].role is equalto 'system' and messages | length > 1 %}ok{% elif false %}b{% else %}c{% endif %}
{% if loop is defined %}x{% endif %}{% for i in [1] %}{{ loop is defined }}{% endfor %}
{% if not (add_generation_prompt is defined) %}n{% endif %}{% if add_generation_prompt %}g{% endif %}
{{ raise_exception('stop ' ~ messages | length) }}
{% if false %}{{ raise_exception('never') }}{% endif %}ok
{{ strftime_now('%d %b %Y') }}
{{ strftime_now is defined }} {{ strftime_now('%Y-%m-%d %H:%M') }}
{{ dict(a=1, b=2) }} {{ dict([['x', 1]]) }} {% set j = joiner(', ') %}{% for i in [1, 2] %}{{ j() }}{{ i }}{% endfor %}
{{ numbers.0 }} {{ person.nested.list.1.v }} {{ person['nested']['list'][0]['v'] }} {{ people | map(attribute='nested.x', default='-') | list }}
{{ messages | map(attribute='content') | map('trim') | map('length') | list }}
{{ 'a' ~ ('b' if true else 'c') ~ 'd' }} {{ ('a', 'b')[1] }} {{ [1, [2, 3]][1][0] }} {{ [1, 2, 3][-1] }} {{ (numbers | sort)[0] }} {{ numbers | sort | first }}
{{ messages[0]['role'] not in ['user', 'assistant'] }} {{ not messages[0].role == 'user' }} {{ messages[0].role != 'user' and not false }}
{{ [messages[0].role, 1] | tojson }} {{ {'role': messages[0].role, 'n': 1 + 1} | tojson }}
{%- if messages[0]['role'] == 'system' %}{%- set loop_messages = messages[1:] %}{%- set system_message = messages[0]['content'] %}{%- else %}{%- set loop_messages = messages %}{%- endif %}{{ loop_messages | length }}{{ system_message }}
{% for message in messages %}{% if (message['role'] == 'user') != (loop.index0 % 2 == 1) %}{{ raise_exception('Conversation roles must alternate') }}{% endif %}{% endfor %}
{% set content = messages[1].content %}{{ content is string }}{{ content is mapping }}{{ content is iterable and content is not string }}
{% set first_user = messages | selectattr('role', 'equalto', 'user') | first %}{{ first_user.content | trim }}
{% set ns = namespace(is_first=false, last=-1) %}{% for m in messages[::-1] %}{% set index = (messages | length - 1) - loop.index0 %}{% if m.role == 'user' and ns.last < 0 %}{% set ns.last = index %}{% endif %}{% endfor %}{{ ns.last }}
{%- macro json_to_python_type(t) %}{%- set map = {'string': 'str', 'number': 'float'} %}{%- if map[t] is defined %}{{- map[t] }}{%- elif t is iterable and t is not mapping %}{{- 'Union[' + t | join(',') + ']' }}{%- else %}{{- 'Any' }}{%- endif %}{%- endmacro %}{{ json_to_python_type('string') }} {{ json_to_python_type(['a', 'b']) }} {{ json_to_python_type('zzz') }}
{{- bos_token -}}{{ '\n' }}{{- '<|im_start|>' + messages[0].role + '\n' -}}   x
{{ ' ' }}{%- if true -%}   a   {%- endif -%}   {{ 'b' }}
{{ {} .get('a') }} {{ [] | length == 0 }} {{ (1 if 0) is defined }} {{ 'a' if 1 else raise_exception('x') }}
{% if 1 if true else 0 %}x{% endif %}
{% set x = [] %}{% set x = x + [1] %}{% set x = x + [2] %}{{ x }} {{ x == [1, 2] }}
{% set f = messages[0].content.upper %}{{ f() }}
{{ messages[0].content.upper }}
{{ [1, 2, 3] | map('multiply') | list }}
{{ numbers | map(attribute='x') | list | length }} {{ [[1, 2], [3]] | map('first') | list }} {{ [[1, 2], [3]] | map('sum') | list }} {{ words | map('length') | sum }}
{{ {'a': 1} == {'a': 1.0} }} {{ {'a': 1}.items() | list }} {{ {'a': 1}.items() }} {{ {'a': 1}.keys() }} {{ {'b': 1, 'a': 2}.values() }}
{{ (1 > 0) ~ '' }} {{ [true, none] }} {{ 1 == true }} {{ true + 1 }} {{ true | string }} {{ none | string }} {{ 1.0 | string }} {{ 10 | string + 'x' }}
""".strip("\n").split("\n")

# Where lines matter.
BLOCKS = [
    "a\n  {% if true %}\n  b\n  {% endif %}\nc",
    "  {% for i in [1, 2] %}\n    {{ i }}\n  {% endfor %}\n",
    "x  {% if true %}  y\n  {% endif %}  z\n\n",
    "\n\n{% if true %}\n\na\n\n{%- endif %}\n\nb",
    "a\n  {%+ if true %}b{% endif +%}\nc",
    "a\n  {#- c -#}\n  b\n  {# c #}\n  d",
    "a\r\nb\r{% if true %}\r\nc{% endif %}",
    "{{ 'a\nb' }}\n{{ 'x' -}}\n\n  y",
    "{% raw %}\n  {% x %}\n  {% endraw %}\n z",
    "  {{ 1 }}  \n  {{- 2 -}}  \n3",
    "{%- set x %}\n  a\n{% endset -%}\n[{{ x }}]",
    "{% macro m() %}\n  line\n{% endmacro %}\n[{{ m() }}]",
    "{{ 1 }}\n\n\n",
    "{%if true%}no spaces{%endif%}{{1}}{{-2-}}",
    "\u00a0{% if true %}nbsp{% endif %}\t\t{% if true %}tab{% endif %}",
    "{% for i in [1,\n 2] %}\n{{ i\n }}\n{% endfor %}",
    "{{ {\n'a': 1,\n} | tojson }}",
    "{{ 'a\\\nb' }}{{ 'tab\\tend' }}",
    "{#",
    "{% if %}",
    "{% if true %}",
    "{{ 'open }}",
    "{{ 1 +  }}",
    "{% endif %}",
    "{{ (1 }}",
    "{% for x y in z %}{% endfor %}",
    "{{ 1 }",
    "}} {{ 1 }} %} #}",
    "{ { 1 } } {% if true %}{}{% endif %}",
]


class Clock(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        return cls(2025, 3, 4, 12, 30)


def rendered(template):
    try:
        return {"template": template, "text": chat_template_utils._compile_jinja_template(template).render(**copy.deepcopy(VARIABLES))}
    except Exception:
        return {"template": template, "error": True}


def main():
    chat_template_utils.datetime = Clock
    cases = [rendered(template) for template in [*IDIOMS, *BLOCKS]]
    texts = [case for case in cases if " at 0x" not in case.get("text", "")]
    write_json(GOLDEN / "jinja.json", {"versions": {**versions(), "jinja2": jinja2.__version__}, "variables": VARIABLES, **{str(i): case for i, case in enumerate(texts)}})


if __name__ == "__main__":
    main()
