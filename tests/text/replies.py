"""Replies as language models write them, and texts that nobody should have to read."""

SKY = """The sky appears blue because of a phenomenon called **Rayleigh scattering**, which happens when \
sunlight meets the gas molecules in the atmosphere. Shorter wavelengths (blue, about 450 nm) are scattered \
~5.5 times more than longer ones (red, about 700 nm). That's why, e.g., a clear sky at 12:30 p.m. looks *so* \
blue — and why sunsets are red!

In short: it isn't the ocean's reflection. Dr. John W. Strutt (Lord Rayleigh) worked this out in 1871.
"""

STEPS = """# Getting started with `pip`

Here's how to install a package in Python 3.11.2:

1. **Open a terminal.** On Windows, press `Win + R`; then type `cmd`.
2. Run the following command:
   ```bash
   pip install requests
   pip show requests
   ```
3. Check that it works, i.e. that `import requests` raises nothing.
   - If it fails, see [the docs, in full](https://pip.pypa.io/en/stable/ "pip").
   - Otherwise, you're done! 🎉

> **Note:** don't use `sudo pip`. It can break
> your system's packages.

Need more help? Visit https://example.com/help?q=1. I'm happy to explain...
"""

TABLE = """## Comparison of plans

| Plan | Price | Storage |
|:-----|------:|:-------:|
| Free | $0    | 5 GB    |
| Pro  | $9.99 | 100 GB  |
| Team | $29   | 1 TB    |

The *Pro* plan costs $9.99/month, or $99.99 a year - about 17% less. Which one suits you best?

---

Next steps
----------

* [x] Compare the plans
* [ ] Pick one
* [ ] Pay, then wait 2-3 days
"""

MATHS = """To solve the equation, we use the quadratic formula:

$$
x = \\frac{-b \\pm \\sqrt{b^2 - 4ac}}{2a}
$$

With $a = 1$, $b = -3$ and $c = 2$, we get x = 2 or x = 1. So 1/2 of the roots, or 50%, is even.

\\[ E = mc^2 \\]

~~That's wrong.~~ It's right: 3 × 4 = 12, and 10^6 is a million.
"""

CODE = """Sure! Here is a function that does that:

```python
def greet(name: str) -> str:
    # a comment

    return f"Hello, {name}!"
```

It takes `name` and returns a greeting. You call it like so: `greet("Ada")`.

~~~
no language
~~~
<details>
<summary>More</summary>
hidden
</details>

Done. Any questions about `greet()`, U.S. spelling, etc.? "No," he said. "None at all."
(Well, one.) And then"""

STORY = """Once upon a time, in a village by the sea, there lived an old fisherman named Elías… He had a
boat—the *Marigold*—and a cat, Mrs. Whiskers. "Will it rain today?" he'd ask. "Meow," she'd say; nothing else.

One day—it was Jan. 5, 1923—a storm came. Waves 20 ft high (or more) struck at 45 mph. He shouted: "Hold on!"
Nobody heard.  Not a soul.

***

The end. 👨‍👩‍👧 ❤️ 😀😀😀
"""

SCRIPTS = """Hello is "Привет" in Russian, "你好" in Chinese and "שלום" in Hebrew.

这是中文。没有空格！真的吗？是的——当然。

The ratio π is about 3.14159; café, naïve, Zürich and jalapeño are words.
"""

UNFINISHED = """Some **bold, `code and [a link](http://example.com/very (long

| not | a table
- item with ( an open paren, and "an open quote
  1. nested
> quote

```js
let a = 1;
"""

REPLIES = [SKY, STEPS, TABLE, MATHS, CODE, STORY, SCRIPTS, UNFINISHED]
