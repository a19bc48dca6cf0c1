"""Under Paddle's launcher, two processes: gradients large and small, there and missing, are averaged."""

import paddle

from ppgen.engine import distributed

distributed.start()
shapes = [[300, 400], [7], [2, 3], [70_000], [5], [66_000]]
parameters = [paddle.create_parameter(shape, "float32") for shape in shapes]
for number, parameter in enumerate(parameters[:4]):  # the last two have none in either
    if number % 2 == 0 or distributed.rank() == 0:  # the odd ones have no gradient in the second process
        (parameter * (1.0 + 2 * distributed.rank() + number)).sum().backward()
distributed.average_gradients(parameters)
wanted = [2.0, 1.0, 4.0, 2.0]  # means of (1, 3), (2, none), (3, 5), (4, none)
assert [parameter.grad is None for parameter in parameters] == [False] * 4 + [True] * 2
for parameter, value in zip(parameters[:4], wanted, strict=True):
    assert list(parameter.grad.shape) == list(parameter.shape) and bool((parameter.grad == value).all()), (value,)
print("averaged")
