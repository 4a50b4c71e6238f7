module untorn

go 1.18
