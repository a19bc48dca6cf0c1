"""All words of the app, in English and Chinese."""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

Language = Literal["en", "zh"]
LANGUAGES: dict[Language, str] = {"en": "English", "zh": "中文"}


class Both(NamedTuple):
    """One thing said twice."""

    en: str
    zh: str


WORDS: dict[str, Both] = {
    "about": Both(
        "Turn portraits into cartoons, make up faces and edit them. All of it runs on this computer, and no photo "
        "leaves it.",
        "把人像变成卡通，生成并编辑人脸。一切都在这台电脑上完成，照片不会离开它。",
    ),
    "language": Both("Language", "语言"),
    "upload": Both("Drop a photo here, or click to choose one", "把照片拖到这里，或点击选择"),
    "photo": Both("Photo", "照片"),
    "messages": Both("Messages", "提示"),
    "download": Both("Download", "下载"),
    "example": Both("Try the astronaut", "用宇航员试试"),
    # ---- cartoon
    "cartoon": Both("Cartoon", "卡通"),
    "cartoon.about": Both(
        "A sharp, well lit photo of a face that looks towards the camera works best. "
        "The network draws 256 pixels a side; the artist, who draws by rules, up to 1024.",
        "清晰、光线好、正对镜头的照片效果最好。网络画出的图边长 256 像素；画师按规则作画，最大 1024 像素。",
    ),
    "cartoon.style": Both("Drawn by", "由谁来画"),
    "style.photo2cartoon": Both("the network", "网络"),
    "style.lite": Both("the small network", "小网络"),
    "style.artist": Both("the artist", "画师"),
    "style.poster": Both("the artist: poster", "画师：海报"),
    "style.ink": Both("the artist: pen and ink", "画师：钢笔画"),
    "cartoon.size": Both("Size in pixels (artist only)", "边长，像素（仅限画师）"),
    "cartoon.faces": Both("Faces", "画哪些脸"),
    "faces.largest": Both("the largest", "最大的一张"),
    "faces.all": Both("all", "全部"),
    "cartoon.draw": Both("Draw", "开始画"),
    "cartoon.result": Both("Cartoons", "卡通"),
    # ---- faces of nobody
    "nobody": Both("Faces of nobody", "不存在的人脸"),
    "nobody.about": Both(
        "A seed is a number that stands for a face: the same seed gives the same face everywhere. "
        "Truncation below 1 keeps closer to the average face.",
        "种子是代表一张脸的数字：同一个种子在任何地方都得到同一张脸。截断小于 1 时，结果更接近平均脸。",
    ),
    "model": Both("Network", "网络"),
    "truncation": Both("Truncation", "截断"),
    "seed": Both("Seed", "种子"),
    "samples": Both("Samples", "随机人脸"),
    "samples.count": Both("Number of faces", "张数"),
    "make": Both("Make", "生成"),
    "result": Both("Result", "结果"),
    "mixing": Both("Mixing", "风格混合"),
    "mixing.about": Both(
        "In the table, each face has the shape of the face at its left and the colours of the face above it.",
        "表中的每张脸，轮廓来自左边的脸，色彩来自上方的脸。",
    ),
    "mixing.rows": Both("Seeds at the left", "左列的种子"),
    "mixing.columns": Both("Seeds above", "上方的种子"),
    "mixing.first": Both("Colours start at layer", "色彩从第几层开始"),
    "walk": Both("Walk", "漫步"),
    "walk.about": Both(
        "A short film from face to face, and back to the first.", "从一张脸渐变到下一张，最后回到第一张的动画。"
    ),
    "walk.seeds": Both("Seeds to pass through", "依次经过的种子"),
    "walk.steps": Both("Pictures from one to the next", "相邻两张之间的帧数"),
    "seeds.info": Both("Numbers and ranges, such as 0-3 or 4,8,15", "数字或范围，例如 0-3 或 4,8,15"),
    "directions": Both("Directions", "方向"),
    "directions.about": Both(
        "Each slider moves the face along one direction of the latent space. Some change more than their name says, as "
        "attributes come together in the faces that the network learnt from.",
        "每个滑块让脸沿隐空间的一个方向移动。有些改变的不止名字所说的那一点，因为在网络学过的脸上，这些特征常常一起出现。",
    ),
    "reset": Both("All to 0", "全部归零"),
    "before": Both("Before", "编辑前"),
    "after": Both("After", "编辑后"),
    "direction.Eyeglasses": Both("Glasses", "眼镜"),
    "direction.Male": Both("Male", "男性"),
    "direction.Beard": Both("Beard", "胡须"),
    "direction.Bald": Both("Bald", "秃顶"),
    "direction.Black_Hair": Both("Black hair", "黑发"),
    "direction.Blond_Hair": Both("Blond hair", "金发"),
    "direction.Dark_Skin": Both("Dark skin", "深肤色"),
    "direction.Turned_Right": Both("Turned right", "转向右侧"),
    "direction.Smiling": Both("Smile", "微笑"),
    "direction.sefa": Both("Unnamed {number} (SeFa)", "未命名 {number}（SeFa）"),
    "direction.Young": Both("Young", "年轻"),
    # ---- latents
    "latents": Both("Edit and morph", "编辑与渐变"),
    "arithmetic": Both("Attributes", "属性"),
    "arithmetic.about": Both(
        "An autoencoder (VAE) turns the face into numbers, adds attributes to them, and draws it again. "
        "It draws 64 pixels a side, softer than the photo.",
        "自编码器（VAE）把脸变成一组数字，加上属性后再画出来。图的边长是 64 像素，比照片柔和。",
    ),
    "arithmetic.run": Both("Encode and draw", "编码并重画"),
    "arithmetic.seen": Both("As the network sees it", "网络看到的"),
    "arithmetic.rebuilt": Both("Drawn again", "重画"),
    "arithmetic.edited": Both("With the attributes", "加上属性"),
    "morph": Both("Morph", "渐变"),
    "morph.about": Both("One face becomes another, by the autoencoder.", "用自编码器把一张脸变成另一张。"),
    "morph.from": Both("From", "从"),
    "morph.to": Both("To", "到"),
    "morph.steps": Both("Pictures", "帧数"),
    "morph.strip": Both("All pictures", "全部帧"),
    "morph.film": Both("Film", "动画"),
    "project": Both("Find in StyleGAN2", "投影到 StyleGAN2"),
    "project.about": Both(
        "Looks for the photo in the latent space of StyleGAN2, step by step; more steps take longer and come nearer. "
        "0 steps are an encoder's guess, where there is one. Then the sliders move it.",
        "在 StyleGAN2 的隐空间里一步步寻找这张照片；步数越多，时间越长，也越像。"
        "有编码器时，0 步就是它的猜测。然后就可以拖动滑块。",
    ),
    "project.steps": Both("Steps", "步数"),
    "project.run": Both("Find", "开始寻找"),
    "project.found": Both("Found", "找到的"),
    "project.edited": Both("Moved by the sliders", "拖动滑块之后"),
    "project.download": Both("Download the latent (.npz)", "下载隐向量（.npz）"),
    # ---- translation
    "translation": Both("Translation", "图像翻译"),
    "translation.about": Both(
        "Networks that redraw a portrait. The attention map shows in red where the network looked most.",
        "把人像重新画一遍的网络。注意力图用红色标出网络最关注的地方。",
    ),
    "translation.run": Both("Translate", "开始翻译"),
    "translation.background": Both("Keep the background", "保留背景"),
    "translation.photo": Both("Photo, cut out", "裁出的照片"),
    "translation.drawn": Both("Redrawn", "重画"),
    "translation.attention": Both("Attention", "注意力"),
    # ---- trainings
    "runs": Both("Trainings", "训练"),
    "runs.about": Both(
        "The page of a training in `{folder}`: its state, curves and samples. `ppgen train -c dcgan_mnist` starts one.",
        "`{folder}` 里某次训练的页面：状态、曲线和样本。用 `ppgen train -c dcgan_mnist` 开始一次训练。",
    ),
    "runs.choose": Both("Training", "训练"),
    "runs.refresh": Both("Look again", "刷新"),
    "runs.none": Both("There is no training in {folder} yet.", "{folder} 里还没有训练。"),
    # ---- what can go wrong here
    "error": Both("That did not work", "没有成功"),
    "error.other": Both(
        "Something unexpected went wrong; the terminal that runs ppgen says more.",
        "出现了意外错误，运行 ppgen 的终端里有详细信息。",
    ),
    "need.photo": Both("Choose a photo first.", "请先选一张照片。"),
    "need.two": Both("Choose two photos first.", "请先选两张照片。"),
    "need.found": Both("Find a photo first.", "请先点“开始寻找”。"),
    "need.number": Both("Give a whole number from 0 as the seed.", "种子请填 0 或更大的整数。"),
    "need.seeds": Both(
        "Give {least} to {most} seeds, as numbers and ranges such as 0-3 or 4,8,15.",
        "请填 {least} 到 {most} 个种子，用数字或范围，例如 0-3 或 4,8,15。",
    ),
}

# What ppgen's own sentences are in Chinese: a pattern of the English one, what it becomes. The app shows those that
# a photo can cause; any other is shown in English behind a Chinese beginning.
SENTENCES: tuple[tuple[str, str], ...] = (
    (r"(.+): no usable (?:frontal )?face found in (\d+x\d+) pixels; .*",
     r"\1：没有找到可用的人脸（\2 像素）；请换一张清晰、光线好、正对镜头的照片"),
    (r"(.+): the head in these (\d+x\d+) pixels is .*",
     r"\1：头转得太偏了（\2 像素）；请换一张正对镜头的照片"),
    (r"(.+): (\d+x\d+) pixels is too small to hold a face; .*",
     r"\1：\2 像素太小，看不出人脸；请用边长至少 256 像素的照片"),
    (r"(.+): \d+x\d+ is ([\d.]+) megapixels, over the limit of (\d+); .*",
     r"\1：有 \2 百万像素，超过了 \3 百万的上限；请先缩小"),
    (r"(.+): \d+x\d+ has a side of more than (\d+) pixels; .*", r"\1：有一边超过 \2 像素；请先裁开"),
    (r"(.+): has far more than (\d+) megapixels, the limit; .*", r"\1：远远超过 \2 百万像素的上限；请先缩小"),
    (r"(.+): the image is damaged or cut short \(.*\); .*", r"\1：图片损坏或不完整；请重新复制或下载"),
    (r"(.+): the file is empty .*", r"\1：文件是空的；请重新复制或下载"),
    (r"(.+): (?:is an? .*|is not an image, or its beginning is damaged); give an? (.*) image",
     r"\1：不是可以读取的图片；请换一张 \2 图片"),
    (r"(.+): no such file; .*", r"\1：文件已被清理；请重新上传"),
    (r"small face: the eyes are (\d+) pixels apart, .*",
     r"人脸太小：两眼只相距 \1 像素，最好至少 20 像素；请用更大的照片"),
    (r"strong pose: .*", r"头转得比较偏；正对镜头的照片效果更好"),
    (r"several faces: (\d+) were found .*", r"找到了 \1 张脸，这里用的是最大、最清楚的一张"),
    (r"no person could be told from the background, .*", r"分不出人和背景，所以画了整个裁剪区域"),
    (r"(?:dlib found no face here|.*dlib.*); MediaPipe's face mesh marked this (?:one|face instead)",
     r"这张脸由 MediaPipe 的人脸网格标注"),
)  # fmt: skip


def say(key: str, language: Language, **values: object) -> str:
    """The words of a key; `values` fill its {gaps}."""
    text: str = getattr(WORDS[key], language)
    return text.format(**values) if values else text


def direction(name: str, language: Language) -> str:
    """What a direction of a latent space is called: an attribute's word, or its own name."""
    key = f"direction.{name}"
    if name.startswith("sefa-"):  # found without labels, so it has but a number
        return say("direction.sefa", language, number=name.removeprefix("sefa-"))
    return say(key, language) if key in WORDS else name


def sentence(text: str, language: Language) -> str:
    """One of ppgen's sentences in a language; in English where it has no other."""
    if language == "en":
        return text
    for pattern, chinese in SENTENCES:
        if match := re.fullmatch(pattern, text, re.DOTALL):
            return match.expand(chinese)
    return f"{say('error', language)}：{text}"
